package moving

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// Pack writes an archive's directory as .tar.zst, the manifest first.
func Pack(dir string, w io.Writer) error {
	m, err := ReadManifest(dir)
	if err != nil {
		return err
	}
	z, err := zstd.NewWriter(w)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	all := []string{manifestName}
	for _, f := range m.Tables {
		all = append(all, f.name())
	}
	for _, name := range all {
		if err := packFile(t, dir, name, m); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

func packFile(t *tar.Writer, dir, name string, m Manifest) error {
	file, err := os.Open(filepath.Join(dir, name)) //nolint:gosec // named by the manifest, which was checked
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size(), ModTime: m.At, Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = io.Copy(t, file)
	return err
}

// Unpack writes the files of a .tar.zst into a directory. Only plain files without a path are taken.
func Unpack(r io.Reader, dir string) error {
	z, err := zstd.NewReader(r)
	if err != nil {
		return err
	}
	defer z.Close()
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the archive is not whole, or is no .tar.zst: %w", err)
		}
		if h.Typeflag != tar.TypeReg || h.Name != filepath.Base(h.Name) {
			return fmt.Errorf("the archive has %q in it, which is no file of an archive", h.Name)
		}
		if err := unpackFile(filepath.Join(dir, h.Name), t); err != nil { //nolint:gosec // a plain name, as was just seen
			return err
		}
	}
}

func unpackFile(path string, from io.Reader) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // below the directory that was named
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, from); err != nil { //nolint:gosec // as large as the archive that the operator names
		_ = file.Close()
		return fmt.Errorf("the archive is not whole: %w", err)
	}
	return file.Close()
}
