// Command portal is the contractor portal: a REST API that many companies share, each walled off from
// the others by PostgreSQL's row-level security.
package main

import (
	"fmt"
	"os"

	_ "golang.org/x/crypto/x509roots/fallback" // the static binary runs where there are no root certificates

	"contractor-portal/cli"
)

func main() {
	if err := cli.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "portal:", err)
		os.Exit(cli.Status(err))
	}
}
