// Whose a list or a route is. An operator inside a company has nothing of his own there.
export const owns = (me, row) => !me.acting_as && row.user_id === me.id;
