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
	Create adminCreate `cmd:"" help:"Make a super admin; the password is printed once."`
}

type adminCreate struct {
	target
	Email string `required:"" help:"What the person logs in with."`
	Name  string `required:"" help:"The person's name, for the audit log."`
}

const createOperatorSQL = `
insert into platform.operators (email, name, password_hash) values ($1, $2, $3)
on conflict (email) do nothing
returning id`

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
