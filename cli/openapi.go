package cli

import (
	"fmt"

	"contractor-portal/server"
)

type openapiCommand struct{}

func (openapiCommand) Run() error {
	document, err := server.OpenAPI()
	if err == nil {
		fmt.Println(string(document))
	}
	return err
}
