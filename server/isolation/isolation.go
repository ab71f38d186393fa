// Package isolation shows an operator what keeps companies apart: what the audit of the database finds, what stands around
// each table, and how the last attack on all of it went. It finds nothing itself: the audit is views of the database
// (policies/audit), and the attacks are tests.
package isolation

import (
	"context"
	"time"

	"contractor-portal/db"
	"contractor-portal/server/endpoint"
	"contractor-portal/server/field"
)

// Routes registers the operation. attackReport is the path of what `task attack` writes, or "".
func Routes(api endpoint.API, attackReport string) {
	endpoint.PlatformInTurn(api, "/api/isolation", "getIsolation", "What keeps companies apart", examine,
		func(i *Isolation) { i.AttackReport, i.AttackReportFault = readAttackReport(attackReport) },
		endpoint.Operators, endpoint.Describe("The audit of `portal audit`, run now: it takes a second or so, and one is run at a time. An error is a hole, and a server does not start with one."))
}

// Isolation is what keeps companies apart, as of now.
type Isolation struct {
	AskedAt      field.Time `json:"asked_at" db:"-" doc:"When it was asked, UTC."`
	Milliseconds int64      `json:"milliseconds" db:"-" doc:"How long the audit took."`
	Errors       int        `json:"errors" db:"-" doc:"Findings that are holes."`
	Warnings     int        `json:"warnings" db:"-"`
	evidence
	AttackReport      *AttackReport `json:"attack_report" db:"-" doc:"The last attack on every table and operation; null where the operator keeps no report."`
	AttackReportFault *string       `json:"attack_report_fault" db:"-" doc:"Why there is a report that cannot be shown; usually null."`
}

// evidence is what the database says.
type evidence struct {
	SchemaVersion int32            `json:"schema_version" db:"schema_version" doc:"The newest migration that ran."`
	PostgreSQL    string           `json:"postgresql" db:"postgresql" example:"17.12"`
	Posture       string           `json:"posture" db:"posture" doc:"A hash of roles, tables, policies, grants, keys, triggers and functions: equal on two databases that are built alike."`
	Lints         []AuditLint      `json:"lints" db:"lints" doc:"What the audit looks for."`
	Findings      []AuditFinding   `json:"findings" db:"findings" doc:"What it finds, the worst first."`
	Tables        []TablePosture   `json:"tables" db:"tables" doc:"What stands around each table."`
	Bypassers     []Bypasser       `json:"bypassers" db:"bypassers" doc:"Roles that the walls do not hold, or that could take them down."`
	Exceptions    []AuditException `json:"exceptions" db:"exceptions" doc:"Findings that somebody answers for, which are not shown until a day."`
}

// An AuditLint is one question of the audit.
type AuditLint struct {
	Lint  string `json:"lint" example:"rls_disabled"`
	About string `json:"about"`
}

// An AuditFinding is what one lint says of one object.
type AuditFinding struct {
	Lint     string `json:"lint" example:"rls_disabled"`
	Severity string `json:"severity" enum:"error,warning,info"`
	About    string `json:"about" doc:"What the lint looks for."`
	Object   string `json:"object" example:"portal.users"`
	Detail   string `json:"detail"`
	Remedy   string `json:"remedy" doc:"What a DBA does about it."`
}

// A TablePosture is what stands around one table.
type TablePosture struct {
	Table          string  `json:"table_name" example:"portal.users"`
	CustomerColumn string  `json:"customer_column"`
	Wall           string  `json:"wall" doc:"What no row passes that is not of the company."`
	Doors          *string `json:"doors" doc:"What lets rows in, and for which roles."`
	Grants         *string `json:"grants"`
	Keys           *string `json:"keys"`
	ForeignKeys    *string `json:"foreign_keys"`
	Verdict        string  `json:"verdict" doc:"walled, or the lints that find an error."`
}

// A Bypasser is a role that the walls do not hold.
type Bypasser struct {
	Role   string `json:"role"`
	Reason string `json:"reason"`
	LogsIn bool   `json:"logs_in"`
}

// An AuditException is a finding that somebody answers for.
type AuditException struct {
	Lint      string `json:"lint"`
	Object    string `json:"object" doc:"As a finding names it; % stands for anything."`
	Reason    string `json:"reason"`
	ExpiresOn string `json:"expires_on" format:"date"`
	MadeBy    string `json:"made_by" doc:"A role of the database."`
	MadeOn    string `json:"made_on" format:"date"`
	Expired   bool   `json:"expired" doc:"Its day is over, and it hides nothing any more."`
}

const examineSQL = `
select coalesce(i.schema_version, 0) as schema_version, split_part(version(), ' ', 2) as postgresql,
  i.posture, i.lints, i.findings, i.tables, i.bypassers, i.exceptions
from tenancy.isolation() i`

func examine(ctx context.Context, tx db.Tx, _ *endpoint.None) (i Isolation, err error) {
	begun := time.Now()
	if i.evidence, err = db.One[evidence](ctx, tx, examineSQL); err != nil {
		return i, err
	}
	i.AskedAt, i.Milliseconds = field.Time{Time: endpoint.Now(ctx).UTC()}, time.Since(begun).Milliseconds()
	for _, f := range i.Findings {
		switch f.Severity {
		case "error":
			i.Errors++
		case "warning":
			i.Warnings++
		}
	}
	return i, nil
}
