package main

// The entries: everything that tenancy.enter, enter_guest and enter_operator check and set.

const (
	enter         = "tenancy.enter(int, text, bigint, text, bigint, uuid, boolean, bigint, bytea)"
	enterGuest    = "tenancy.enter_guest(int, text, bigint, bytea)"
	enterOperator = "tenancy.enter_operator(int, bigint, uuid, boolean, bigint, bytea)"
)

var entryMutants = []mutant{
	entered("enter-without-mac", enter, "p_expiry), 'UTF8'))) = p_mac", "p_expiry), 'UTF8'))) is not null", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-without-expiry", enter, "and tenancy.expiry_is_near(p_expiry) as genuine", "as genuine", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-far-expiry", "tenancy.expiry_is_near(bigint)", "30000", "300000", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-closed-customer", enter, "tenancy.is_open(c.status, c.trial_ends_at) as customer_open", "c.customer_id is not null as customer_open", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-after-the-trial", "tenancy.is_open(text, timestamptz)", "(p_trial_ends_at > now())", "(p_trial_ends_at is not null)", "TestEntry_RefusesEachReasonInItsOwnWords", "TestState_TrialIsOpenUntilItsEnd"),
	entered("enter-inactive-person", enter, "l.status = 'active' and l.role = p_role", "l.role = p_role", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-in-another-role", enter, "l.status = 'active' and l.role = p_role", "l.status = 'active'", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-person-unchecked", enter, "if f.person_ok is not true then", "if f.person_ok is false then", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-revoked-session", enter, "s.revoked_at is null and s.expires_at > now() as session_live", "s.expires_at > now() as session_live", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-expired-session", enter, "s.revoked_at is null and s.expires_at > now() as session_live", "s.revoked_at is null as session_live", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-anybodys-session", enter, "s.customer_id = p_customer and s.user_id = p_user", "s.user_id is not null", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-inactive-operator", enter, "o.status = 'active' and p_user is null", "o.id is not null and p_user is null", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-cancelled-customer", enter, "(p_acting is null or coalesce(f.customer_status, 'cancelled') = 'cancelled')", "p_acting is null", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-for-the-session", enter, "set_config('app.customer_id', p_customer, true)", "set_config('app.customer_id', p_customer, false)", "TestEntry_RefusesEachReasonInItsOwnWords"),
	entered("enter-ignores-read-only", enter, "set_config('transaction_read_only', 'on', true)", "'off'", "TestContext_ReadOnlyEntryCannotBeUndone"),
	entered("enter-keeps-the-last-operator", enter, ",\n    set_config('app.acting_as', coalesce(p_acting::text, ''), true)", "", "TestDoors_OfAnActingOperator"),

	entered("guest-without-mac", enterGuest, "p_expiry), 'UTF8'))) = p_mac", "p_expiry), 'UTF8'))) is not null", "TestEntry_OfAGuest"),
	entered("guest-without-expiry", enterGuest, "and tenancy.expiry_is_near(p_expiry) as genuine", "as genuine", "TestEntry_OfAGuest"),
	entered("guest-in-a-closed-customer", enterGuest, "if f.customer_open is not true then", "if f.customer_open is null then", "TestEntry_OfAGuest"),
	entered("guest-for-the-session", enterGuest, "set_config('app.customer_id', p_customer, true)", "set_config('app.customer_id', p_customer, false)", "TestPool_GuestsLeaveNothing"),

	entered("operator-without-mac", enterOperator, "p_expiry), 'UTF8'))) = p_mac", "p_expiry), 'UTF8'))) is not null", "TestEntry_OfAnOperator"),
	entered("operator-without-expiry", enterOperator, "and tenancy.expiry_is_near(p_expiry) as genuine", "as genuine", "TestEntry_OfAnOperator"),
	entered("operator-not-active", enterOperator, "o.status = 'active' as person_ok", "o.id is not null as person_ok", "TestEntry_OfAnOperator"),
	entered("operator-in-anybodys-session", enterOperator, "s.id = p_session and s.operator_id = p_operator", "s.id = p_session", "TestEntry_OfAnOperator"),
	entered("operator-in-a-revoked-session", enterOperator, "s.revoked_at is null and s.expires_at > now() as session_live", "s.expires_at > now() as session_live", "TestEntry_OfAnOperator"),
}

// entered is a mutant of one function that the audit compares with what was installed.
func entered(name, function, old, replacement string, by ...string) mutant {
	return mutant{name: name, function: []edit{{function, old, replacement}}, by: by, lints: []string{"rls_helper_drift"}}
}
