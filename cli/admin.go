package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/field"
)

type adminCommand struct {
	Create   adminCreate   `cmd:"" help:"Make a super admin; the password is printed once."`
	Password adminPassword `cmd:"" help:"Give a super admin a new password, which is printed once; all his sessions end."`
}

type adminCreate struct {
	target
	Email string `required:"" help:"What the person logs in with."`
	Name  string `required:"" help:"The person's name, for the audit log."`
}

func (c adminCreate) Run(ctx context.Context, cfg config) error {
	email, err := field.ParseEmail(c.Email)
	if err != nil {
		return fmt.Errorf("--email: %w", err)
	}
	name, err := field.ParseText(c.Name)
	if err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	password, hash, err := newPassword(ctx)
	if err != nil {
		return err
	}
	err = c.transaction(ctx, cfg, func(ctx context.Context, tx db.Tx) error {
		id, err := db.Value[int64](ctx, tx, createOperatorSQL, email, name, hash)
		if errors.Is(err, db.ErrNotFound) {
			return errors.New("there is a super admin with this e-mail already")
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, auth.Deed{
			Action: "operator.created", ObjectType: "operator", ObjectID: strconv.FormatInt(id, 10), Detail: map[string]any{"name": name},
		})
	})
	if err != nil {
		return err
	}
	fmt.Printf("super admin %s, password (printed this once): %s\n", email, password)
	return nil
}

type adminPassword struct {
	target
	Email string `required:"" help:"What the person logs in with."`
}

const operatorPasswordSQL = `
update platform.operators
set password_hash = $2, password_set_at = clock_timestamp()
where email = $1
returning id`

func (c adminPassword) Run(ctx context.Context, cfg config) error {
	email, err := field.ParseEmail(c.Email)
	if err != nil {
		return fmt.Errorf("--email: %w", err)
	}
	password, hash, err := newPassword(ctx)
	if err != nil {
		return err
	}
	err = c.transaction(ctx, cfg, func(ctx context.Context, tx db.Tx) error {
		id, err := db.Value[int64](ctx, tx, operatorPasswordSQL, email, hash)
		if errors.Is(err, db.ErrNotFound) {
			return errors.New("there is no super admin with this e-mail")
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, auth.Deed{Action: "password.reset", ObjectType: "operator", ObjectID: strconv.FormatInt(id, 10)})
	})
	if err != nil {
		return err
	}
	fmt.Printf("super admin %s, password (printed this once): %s\n", email, password)
	return nil
}
