package main

const (
	enterJob   = "tenancy.enter_job(text, bigint)"
	enqueue    = "tenancy.enqueue(text, bigint, text, timestamptz, bigint)"
	prune      = "tenancy.prune(text, timestamptz, integer)"
	failureGo  = "server/jobs/failure.go"
	outboxGo   = "server/outbox/outbox.go"
	drainGo    = "server/outbox/drain.go"
	ofOwnRow   = "and j.customer_id = tenancy.customer_id()"
	ofAnAdmin  = "and tenancy.role() = 'Admin'"
	jobTest    = "TestEntry_Job"
	queueTest  = "TestJobs_QueueIsTheWorkersAlone"
	askTest    = "TestJobs_AreOfWhoeverEntered"
	adminsTest = "TestJobs_OfTheOwnCompany"
)

// The queue, its doors, and the outbox.
var jobMutants = []mutant{
	{
		name: "job-enters-by-its-argument",
		function: []edit{
			{enterJob, "select j.customer_id, j.user_id", "select c.customer_id, j.user_id"},
			{enterJob, "on c.customer_id = j.customer_id", "on c.customer_id = coalesce(j.args ->> 'customer_id', j.customer_id)"},
		},
		by: []string{queueTest}, lints: []string{"rls_helper_drift"},
	},
	entered("job-that-does-not-run", enterJob, "and j.state = 'running'", "", jobTest),
	entered("job-of-whom-is-gone", enterJob, "f.user_id is not null and f.person is distinct from 'active'", "false", jobTest),
	entered("job-in-a-suspended-customer", enterJob, "if f.customer_open is not true then", "if f.customer_open is null then", jobTest),
	entered("job-in-a-cancelled-customer", enterJob, "if f.status = 'cancelled' then", "if false then", jobTest),
	entered("job-for-the-session", enterJob, "set_config('app.customer_id', f.customer_id, true)", "set_config('app.customer_id', f.customer_id, false)", jobTest),
	entered("job-keeps-the-last-person", enterJob, "\n    set_config('app.user_id', coalesce(f.user_id::text, ''), true),", "", jobTest),

	entered("job-of-any-kind", enqueue, "and session_user = any (j.askers)", "", askTest),
	entered("one-drain-for-all-customers", enqueue, "(j.customer_id, j.kind, j.single_key) = (customer, p_kind, p_single)", "(j.kind, j.single_key) = (p_kind, p_single)", askTest),
	entered("jobs-of-everybody-listed", "tenancy.jobs()", "j.customer_id = tenancy.customer_id()", "j.customer_id is not null", adminsTest),
	entered("job-retried-by-anybody", "tenancy.retry_job(bigint)", ofAnAdmin, "", adminsTest),
	entered("job-of-others-retried", "tenancy.retry_job(bigint)", ofOwnRow, "", adminsTest),
	entered("job-of-others-discarded", "tenancy.discard_job(bigint)", ofOwnRow, "", adminsTest),
	entered("upkeep-at-any-time", prune, "least(p_now, now())", "p_now", "TestUpkeep_AYear"),
	entered("upkeep-of-a-customer", prune, "if tenancy.customer_id() is not null then", "if false then", "TestUpkeep_AYear"),

	{
		name: "queue-open-to-requests", sql: `grant usage on schema jobs to portal_app; grant select on jobs.river_job to portal_app`,
		by: []string{queueTest}, lints: []string{"policy_drift"},
	},
	{
		name: "queue-read-by-requests",
		sql: `grant usage on schema jobs to portal_app; grant select, update on jobs.river_job to portal_app;
			create policy open on jobs.river_job to portal_app using (true)`,
		by: []string{queueTest}, lints: []string{"platform_policy_drift", "policy_drift"},
	},
	{
		name: "worker-says-whose-a-job-is", sql: `grant update (customer_id, user_id) on jobs.river_job to portal_worker`,
		by: []string{queueTest}, lints: []string{"policy_drift"},
	},
	{
		name: "worker-outside-of-the-wall",
		sql:  `create policy open on portal.locations to portal_worker using (true); drop policy wall on portal.locations`,
		by:   []string{"TestAttack/SQL/objects/135_a_worker_outside_of_any_job"}, lints: []string{"no_restrictive_wall", "door_drift"},
	},

	{
		name: "errors-stored-as-they-are", source: []edit{{failureGo, "	return f\n}\n\n// Later", "	return either[error](MUTANT, err, f)\n}\n\n// Later"}},
		by: []string{"TestJobs_FailInCodes"},
	},
	{
		name: "suspended-customers-jobs-fail", source: []edit{{failureGo, "case errors.Is(err, db.ErrSuspended):", "case errors.Is(err, db.ErrSuspended) && !MUTANT:"}},
		by: []string{"TestJobs_WaitForTheirCompany"},
	},
	{
		name: "message-sealed-for-no-customer", source: []edit{{outboxGo, "Customer: p.Customer,", "Customer: either(MUTANT, \"\", p.Customer),"}},
		by: []string{"TestOutbox_CopyDoesNotOpen"},
	},
	{
		name: "message-sealed-under-no-name", source: []edit{{outboxGo, "Name: p.Name}", "Name: either(MUTANT, \"\", p.Name)}"}},
		by: []string{"TestOutbox_CopyDoesNotOpen"},
	},
	{
		name: "refused-for-good-and-tried-again", source: []edit{{drainGo, "if !o.Final {", "if !o.Final || MUTANT {"}},
		by: []string{"TestOutbox_TriesAgain"},
	},
}
