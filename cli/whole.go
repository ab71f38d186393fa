package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// makeWhole makes a directory, or a file that is packed from one where the name ends in suffix. It is there as a whole or not
// at all, and not before last has been called.
func makeWhole(to, suffix string, pack func(dir string, w io.Writer) error, fill func(dir string) error, last func() error) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s is there already", to)
	}
	dir, err := os.MkdirTemp(filepath.Dir(to), ".export-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := fill(dir); err != nil {
		return err
	}
	made := dir
	if strings.HasSuffix(to, suffix) {
		file, err := os.CreateTemp(filepath.Dir(to), ".export-*")
		if err != nil {
			return err
		}
		made = file.Name()
		defer func() { _ = os.Remove(made) }()
		if err := errors.Join(pack(dir, file), file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	if err := last(); err != nil {
		return err
	}
	return os.Rename(made, to)
}
