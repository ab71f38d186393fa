package cli

import "fmt"

type dbURLCommand struct{ target }

func (c dbURLCommand) Run(cfg config) error {
	url, err := c.url(cfg)
	if err == nil {
		fmt.Println(url)
	}
	return err
}
