package shape

// Work is what is said of a ticket; nil and "" are what is not said.
type Work struct {
	Equipment string
	Bulk      *float64 // cubic yards of salt
	Bags      *float64 // of salt
	Calcium   *float64 // bags
	Notes     string
}
