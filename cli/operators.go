package cli

// Nobody gets the password of an operator who is there.
const createOperatorSQL = `
insert into platform.operators (email, name, password_hash) values ($1, $2, $3)
on conflict (email) do nothing
returning id`
