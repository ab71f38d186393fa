package main

const (
	masksGo    = "moving/clone/masks.go"
	cloneGo    = "moving/clone/clone.go"
	registerGo = "moving/clone/register.go"
	cloneTest  = "TestClone_HasNobodyOfTheSource"
	newColumns = "TestClone_ColumnsThatNobodyNamed"
)

// What a copy for people who test must not have.
var cloneMutants = []mutant{
	{
		name: "clone-keeps-texts-that-nobody-named", source: []edit{{masksGo, "return m.faker.like(text)", "return either(MUTANT, text, m.faker.like(text))"}},
		by: []string{newColumns},
	},
	{
		name: "clone-keeps-json-that-nobody-named", source: []edit{{masksGo, "return empty(value)", "return either(MUTANT, value, empty(value))"}},
		by: []string{newColumns},
	},
	{
		name: "clone-keeps-bytes-that-nobody-named", source: []edit{{masksGo, "return m.faker.bytes(text)", "return either(MUTANT, text, m.faker.bytes(text))"}},
		by: []string{newColumns},
	},
	{
		name: "clone-replaces-nobody", source: []edit{{masksGo, "if m.asIs ||", "if MUTANT || m.asIs ||"}},
		by: []string{cloneTest},
	},
	{
		name: "clone-takes-sign-ons-along", source: []edit{{registerGo, `"platform.identities":`, `either(MUTANT, "nothing", "platform.identities"):`}},
		by: []string{cloneTest},
	},
	{
		name: "clone-onto-itself", source: []edit{{cloneGo, "if err == nil && !free {", "if err == nil && !free && !MUTANT {"}},
		by: []string{"TestClone_RefusesItself"},
	},
}
