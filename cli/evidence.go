package cli

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"

	"contractor-portal/evidence"
	"contractor-portal/server"
)

type evidenceCommand struct {
	target
	Out     string `required:"" help:"What to make: a directory, or a file that ends in .tar. It must not be there yet."`
	Reports string `placeholder:"DIR" help:"A directory with attack-summary.json, mutation-summary.json and restore-summary.json, which the tests write."`
}

func (c evidenceCommand) Run(ctx context.Context, cfg config) error {
	url, err := c.url(cfg)
	if err != nil {
		return err
	}
	o := evidence.Options{URL: url, Program: server.Version(), Reports: c.Reports}
	if o.Document, err = server.OpenAPI(); err != nil {
		return err
	}
	if o.Audit, err = askPortal(ctx, url); err != nil {
		return err
	}
	var s evidence.Summary
	err = makeWhole(c.Out, ".tar", tarred, func(dir string) (err error) {
		s, err = evidence.Write(ctx, dir, o)
		return err
	}, func() error { return nil })
	if err != nil {
		return err
	}
	say(fmt.Sprintf("%s: %d errors, %d warnings; %d of %d tables without an error, %d of %d policies differ", c.Out, s.Errors, s.Warnings, s.Walled, s.Tables, s.Differences, s.Policies))
	return nil
}

func tarred(dir string, w io.Writer) error {
	t := tar.NewWriter(w)
	if err := t.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	return t.Close()
}
