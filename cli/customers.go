package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"contractor-portal/db"
	"contractor-portal/server/auth"
	"contractor-portal/server/customers"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

type customersCommand struct {
	Create   customersCreate   `cmd:"" help:"Create a customer, and an invitation for its first Admin, which is printed once."`
	List     customersList     `cmd:"" help:"List the customers, newest first."`
	Show     customersShow     `cmd:"" help:"Show one customer."`
	Suspend  customersSuspend  `cmd:"" help:"Keep a customer's people out from their next request on."`
	Activate customersActivate `cmd:"" help:"Let a customer's people in."`
	Cancel   customersCancel   `cmd:"" help:"End a customer: its people are out, its data is kept."`
	Export   customersExport   `cmd:"" help:"Take everything of a customer out, into an archive."`
	Restore  customersRestore  `cmd:"" help:"Bring an archive in, as a customer that is not there."`
	Erase    customersErase    `cmd:"" help:"Delete a cancelled customer and everything of it, and prove that nothing is left."`
}

type customersCreate struct {
	target
	CompanyName string  `required:"" help:"Name of the company."`
	AdminEmail  string  `required:"" help:"E-mail of the first Admin."`
	AdminName   *string `help:"Name of the first Admin."`
	Plan        string  `enum:"free,basic,professional,enterprise" default:"basic" help:"Proposes the limits: free, basic, professional or enterprise."`
	Timezone    string  `default:"America/New_York" help:"IANA name of the company's time zone."`
	Trial       bool    `help:"Begin with a trial of 14 days."`
}

func (c customersCreate) Run(ctx context.Context, cfg config) error {
	name, err := field.ParseText(c.CompanyName)
	if err != nil {
		return fmt.Errorf("--company-name: %w", err)
	}
	email, err := field.ParseEmail(c.AdminEmail)
	if err != nil {
		return fmt.Errorf("--admin-email: %w", err)
	}
	status := "active"
	if c.Trial {
		status = "trial"
	}
	var made customers.Customer
	var invitation customers.InvitationMade
	err = c.change(ctx, cfg, func(ctx context.Context, tx db.Tx) (d auth.Deed, err error) {
		made, err = customers.Create(ctx, tx, customers.CustomerFields{
			CompanyName: name, SubscriptionTier: &c.Plan, Timezone: &c.Timezone, Status: &status,
		})
		if err != nil {
			return d, err
		}
		invitation, err = customers.Invite(ctx, tx, made.CustomerID, customers.InvitationFields{Email: email, Name: c.adminName(), Role: auth.Admin})
		detail := map[string]any{"company_name": made.CompanyName, "status": made.Status, "invited": invitation.Email}
		return auth.Deed{Action: "customer.created", ObjectID: made.CustomerID, Detail: detail}, err
	})
	if err != nil {
		return err
	}
	fmt.Printf("customer    %s\ninvitation  %s\n\n", made.CustomerID, invitation.Token)
	fmt.Printf("The invitation is for %s, is printed this once, and can be accepted until %s (%s):\n\n", invitation.Email,
		invitation.ExpiresAt.Format("2006-01-02 15:04"), made.Timezone)
	if cfg.PublicURL != "" {
		fmt.Printf("  %s%s\n\n", cfg.PublicURL, invitation.Link)
	}
	fmt.Printf("  curl -s localhost:8080/api/invitations/accept --json '{\"token\": \"%s\", \"password\": \"…\"}'\n", invitation.Token)
	return nil
}

func (c customersCreate) adminName() *field.Line {
	if c.AdminName == nil {
		return nil
	}
	return new(field.Line(field.Tidy(*c.AdminName)))
}

type customersList struct{ target }

func (c customersList) Run(ctx context.Context, cfg config) error {
	return c.transaction(ctx, cfg, func(ctx context.Context, tx db.Tx) error {
		all, _, err := customers.List(ctx, tx, endpoint.Window{Limit: 10_000})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tSTATUS\tPLAN\tUSERS\tPROPERTIES\tCREATED\tCOMPANY")
		for _, c := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d/%d\t%d/%d\t%s\t%s\n", c.CustomerID, c.Status, c.SubscriptionTier, c.UserCount, c.MaxUsers,
				c.PropertyCount, c.MaxProperties, c.CreatedAt.Format("2006-01-02"), c.CompanyName)
		}
		return w.Flush()
	})
}

type customersShow struct {
	target
	ID string `arg:"" help:"The customer's id."`
}

func (c customersShow) Run(ctx context.Context, cfg config) error {
	id, err := customers.ParseID(c.ID)
	if err != nil {
		return err
	}
	return c.transaction(ctx, cfg, func(ctx context.Context, tx db.Tx) error {
		one, err := customers.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		text, err := json.MarshalIndent(one, "", "  ")
		if err == nil {
			fmt.Println(string(text))
		}
		return err
	})
}

type customersSuspend struct {
	target
	ID     string `arg:"" help:"The customer's id."`
	Reason string `help:"Why, for the audit log."`
}

func (c customersSuspend) Run(ctx context.Context, cfg config) error {
	by := func(ctx context.Context, tx db.Tx, id string) (string, error) {
		return customers.Suspend(ctx, tx, id, c.Reason)
	}
	return c.turn(ctx, cfg, c.ID, "suspended", map[string]any{"reason": c.Reason}, by)
}

type customersActivate struct {
	target
	ID string `arg:"" help:"The customer's id."`
}

func (c customersActivate) Run(ctx context.Context, cfg config) error {
	return c.turn(ctx, cfg, c.ID, "activated", nil, customers.Activate)
}

type customersCancel struct {
	target
	ID string `arg:"" help:"The customer's id."`
}

func (c customersCancel) Run(ctx context.Context, cfg config) error {
	return c.turn(ctx, cfg, c.ID, "cancelled", nil, customers.Cancel)
}

// turn brings a customer into another state, of which the audit log and whoever sits here are told.
func (t target) turn(ctx context.Context, cfg config, text, into string, detail map[string]any, by func(context.Context, db.Tx, string) (string, error)) error {
	id, err := customers.ParseID(text)
	if err != nil {
		return err
	}
	var name string
	err = t.change(ctx, cfg, func(ctx context.Context, tx db.Tx) (d auth.Deed, err error) {
		name, err = by(ctx, tx, id)
		return auth.Deed{Action: "customer." + into, ObjectID: id, Detail: detail}, err
	})
	if err == nil {
		say(name + " is " + into)
	}
	return err
}
