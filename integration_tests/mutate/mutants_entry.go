package main

// The entries: everything that tenancy.enter, enter_guest and enter_operator check and set.

const (
	enter         = "tenancy.enter(text, text, bigint, text, bigint, uuid, boolean)"
	enterGuest    = "tenancy.enter_guest(text, text)"
	enterOperator = "tenancy.enter_operator(bigint, uuid, boolean)"
	enterCallback = "tenancy.enter_callback(text, text, text, bytea, boolean)"
)

var entryMutants = []mutant{
	entered("enter-closed-customer", enter, "tenancy.is_open(c.status, c.trial_ends_at) or", "c.customer_id is not null or", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("operator-enters-a-moving-customer", enter, "('cancelled', 'moving')", "('cancelled')", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-after-the-trial", "tenancy.is_open(text, timestamptz)", "(p_trial_ends_at > now())", "(p_trial_ends_at is not null)", "TestEntry_RefusesEachReasonInItsOwnWords", "TestState_TrialIsOpenUntilItsEnd"),
	entered("enter-inactive-person", enter, "s.status = 'active' and s.role = p_role", "s.role = p_role", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-in-another-role", enter, "s.status = 'active' and s.role = p_role", "s.status = 'active'", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-person-unchecked", enter, "if f.person_ok is not true then", "if f.person_ok is null then", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-revoked-session", enter, "s.revoked_at is null and s.expires_at > now() as session_live", "s.expires_at > now() as session_live", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-expired-session", enter, "s.revoked_at is null and s.expires_at > now() as session_live", "s.revoked_at is null as session_live", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-anybodys-session", enter, "s.user_id is not distinct from p_user", "(s.user_id is null) = (p_user is null)", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-another-customer", enter, "s.customer_id = p_customer", "s.customer_id is not null", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-as-another-operator", enter, "s.operator_id is not distinct from p_acting", "(s.operator_id is null) = (p_acting is null)", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-cancelled-customer", enter, "(p_acting is not null and c.status not in ('cancelled', 'moving'))", "p_acting is not null", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-for-the-session", enter, "set_config('app.customer_id', p_customer, true)", "set_config('app.customer_id', p_customer, false)", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-ignores-read-only", enter, "set_config('transaction_read_only', 'on', true)", "'off'", "TestContext_ReadOnlyEntryCannotBeUndone"),
	entered("enter-keeps-the-last-operator", enter, ",\n    set_config('app.acting_as', coalesce(p_acting::text, ''), true)", "", "TestDoors_OfAnActingOperator"),

	entered("guest-in-a-closed-customer", enterGuest, "if f.customer_open is not true then", "if f.customer_open is null then", "TestEntry_OfAGuest"),
	entered("guest-in-an-unknown-customer", enterGuest, "if f.customer_open is not true then", "if f.customer_open is false then", "TestEntry_OfAGuest"),
	entered("guest-for-the-session", enterGuest, "set_config('app.customer_id', p_customer, true)", "set_config('app.customer_id', p_customer, false)", "TestPool_GuestsLeaveNothing"),

	entered("operator-not-active", enterOperator, "s.status = 'active' as person_ok", "s.status is not null as person_ok", "TestEntry_OfAnOperator"),
	entered("operator-in-anybodys-session", enterOperator, "and s.operator_id = p_operator", "", "TestEntry_OfAnOperator"),
	entered("operator-in-a-revoked-session", enterOperator, "s.revoked_at is null and s.expires_at > now() as session_live", "s.expires_at > now() as session_live", "TestEntry_OfAnOperator"),
	entered("callback-in-any-browser", enterCallback, "(t.state, t.purpose, t.browser_hash) = (p_state, p_purpose, p_browser)\n      and t.expires_at > now()\n    returning", "(t.state, t.purpose) = (p_state, p_purpose)\n      and t.expires_at > now()\n    returning", "TestEntry_Callback"),
	entered("callback-for-any-purpose", enterCallback, "(t.state, t.purpose, t.browser_hash) = (p_state, p_purpose, p_browser)\n      and t.expires_at > now()\n    returning", "(t.state, t.browser_hash) = (p_state, p_browser)\n      and t.expires_at > now()\n    returning", "TestEntry_Callback"),
	entered("callback-at-any-time", enterCallback, "\n      and t.expires_at > now()\n    returning", "\n    returning", "TestEntry_Callback"),
	entered("callback-of-whom-is-gone", enterCallback, "f.status is distinct from 'active'", "f.status is null", "TestEntry_Callback"),
	entered("callback-in-a-closed-customer", enterCallback, "if f.customer_open is not true then", "if f.customer_open is null then", "TestEntry_Callback"),
	entered("operator-in-an-ended-session", enterOperator, "s.revoked_at is null and s.expires_at > now() as session_live", "s.revoked_at is null as session_live", "TestEntry_OfAnOperator"),
}

// entered is a mutant of one function that the audit compares with what was installed.
func entered(name, function, old, replacement string, by ...string) mutant {
	return mutant{name: name, function: []edit{{function, old, replacement}}, by: by, lints: []string{"rls_helper_drift"}}
}
