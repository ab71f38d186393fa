package cli

import "fmt"

func say(line string) { fmt.Println("· " + line) }
