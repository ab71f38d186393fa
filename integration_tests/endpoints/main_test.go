package main

import "testing"

// What is served lets in whom the contract says.
func TestCompare_RolesAreTheContracts(t *testing.T) {
	t.Parallel()
	r, err := compare(nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.wanted != 196 || r.present+len(r.missing) != r.wanted || r.present < 54 {
		t.Errorf("%d of %d operations are there, %d missing", r.present, r.wanted, len(r.missing))
	}
	for _, line := range r.different {
		t.Error(line)
	}
}

func TestDiffers(t *testing.T) {
	t.Parallel()
	five := []string{"Admin", "Manager", "Contractor", "Subcontractor", "User"}
	for _, c := range []struct {
		stated string
		op     operation
		equal  bool
	}{
		{"A", operation{Roles: []string{"Admin"}}, true},
		{"A", operation{Roles: []string{"Admin", "Manager"}}, false},
		{"A,M", operation{Roles: []string{"Manager", "Admin"}}, true},
		{"Any", operation{Roles: five}, true},
		{"Any", operation{Roles: append(five[:5:5], "Super Admin")}, true},
		{"Any", operation{Roles: five[:4]}, false},
		{"own", operation{Roles: five, Own: true}, true},
		{"own", operation{Roles: five}, false},
		{"own;A,M", operation{Roles: five}, true},
		{"SA", operation{Roles: []string{"Super Admin"}}, true},
		{"SA", operation{Roles: append(five[:5:5], "Super Admin")}, false},
		{"public", operation{}, true},
		{"public", operation{Roles: five}, false},
	} {
		if problem := c.op.differs(c.stated); (problem == "") != c.equal {
			t.Errorf("%s against %v: %q", c.stated, c.op, problem)
		}
	}
}
