package mail

import (
	"fmt"
	"time"
)

// What each mail says. A value that is not known leaves its line out.

func aTest() letter {
	return letter{Subject: "Test of your mail", Paragraphs: []string{"This mail is a test. Whoever reads it can be reached by the portal."}}
}

func aWeatherAlert(publicURL, summary string) letter {
	return letter{
		Subject: "Weather alert: " + short(summary), Paragraphs: []string{summary, "Please prepare your crews."},
	}.leading(publicURL, "Open the portal")
}

// short is the beginning of a text, for a subject.
func short(text string) string {
	if r := []rune(text); len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return text
}

func (l workLog) letter(publicURL string, zone *time.Location) letter {
	a := letter{Subject: "Work log: " + l.Property, Paragraphs: []string{"A work log was submitted."}}.
		with("Property", l.Property).with("Contractor", l.Worker)
	if l.TimeIn != nil {
		a = a.with("Date", l.TimeIn.In(zone).Format("January 2, 2006")).with("Time in", l.TimeIn.In(zone).Format("15:04"))
	}
	switch {
	case l.TimeOut != nil:
		a = a.with("Time out", l.TimeOut.In(zone).Format("15:04")).with("Hours", fmt.Sprintf("%.2f", l.TimeOut.Sub(*l.TimeIn).Hours()))
	case l.TimeIn != nil:
		a = a.with("Time out", "still at work")
	}
	return a.with("Equipment", l.Equipment).with("Notes", l.Notes).leading(publicURL, "See the logs")
}

func (i invoice) letter(zone *time.Location) letter {
	return letter{
		Subject: "Invoice " + i.Number + ": " + i.Property, Paragraphs: []string{"An invoice was created. QuickBooks sends the invoice itself."},
	}.with("Invoice", i.Number).with("Property", i.Property).with("Event", i.Event).
		with("Amount", fmt.Sprintf("$%.2f", i.Amount)).with("Date", i.Created.In(zone).Format("January 2, 2006"))
}

func aSignUpRequest(publicURL, name, email, phone, role string) letter {
	return letter{Subject: "Request for an account: " + name, Paragraphs: []string{"Somebody asks for an account. Review the request in the dashboard."}}.
		with("Name", name).with("E-mail", email).with("Phone", phone).with("Role", role).leading(publicURL, "Review the request")
}

func anApproval(publicURL, role string) letter {
	return letter{Subject: "Your account is approved", Paragraphs: []string{"Your request was approved. You can log in now, with the password that you chose."}}.
		with("Role", role).leading(publicURL, "Log in")
}

func aPasswordReset(publicURL string) letter {
	return letter{
		Subject: "Your password was changed",
		Paragraphs: []string{
			"An Admin of your company has set a new password for your account, and ended your sessions. He will tell you the password; it is in no mail.",
			"If you did not expect this, ask an Admin of your company.",
		},
	}.leading(publicURL, "Log in")
}

func aForgottenPassword(address string, until time.Time) letter {
	return letter{
		Subject: "A new password",
		Paragraphs: []string{
			"Somebody, probably you, says that you have forgotten your password. Choose a new one by this link. It works once, and ends your sessions.",
			"Whoever has this link can become you: hand it to nobody. If you did not ask for it, there is nothing to do.",
		},
		Link: &link{"Choose a new password", address},
	}.with("Good until", until.Format("January 2, 2006, 15:04 MST"))
}

func aForgottenSignOn(publicURL string) letter {
	return letter{
		Subject: "How you log in",
		Paragraphs: []string{
			"Somebody, probably you, says that you have forgotten your password. Your company takes no passwords: log in with Google or Microsoft.",
			"If you did not ask for this, there is nothing to do.",
		},
	}.leading(publicURL, "Log in")
}

func anExport(page string, until time.Time) letter {
	l := letter{
		Subject: "The data of your company is ready",
		Paragraphs: []string{
			"You have asked for all data of your company as one file. Log in and download it from the page of your company. It can be downloaded once.",
			"If you did not ask for this, somebody else has acted in your name: end your sessions and choose another password.",
		},
	}.with("Good until", until.Format("January 2, 2006, 15:04 MST"))
	if page != "" {
		l.Link = &link{"Open the page of your company", page}
	}
	return l
}

func anInvitation(address, role string, until time.Time) letter {
	return letter{
		Subject: "You are invited", Paragraphs: []string{"You are invited into the portal. Choose a password and log in.", "Whoever has this link can become you: hand it to nobody."},
		Link: &link{"Accept the invitation", address},
	}.with("Role", role).with("Good until", until.Format("January 2, 2006, 15:04"))
}
