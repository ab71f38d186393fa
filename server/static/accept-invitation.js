// The token stands behind the # of the link, where no server and no log sees it; it leaves the address at once, so
// that it does not stay in the browser's history.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
history.replaceState(null, "", location.pathname);

const form = document.getElementById("accept");
const said = document.getElementById("said");

function end(text) {
  form.hidden = true;
  said.textContent = text;
}

async function accept(password) {
  const answer = await fetch("/api/invitations/accept", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token, password }),
  });
  if (answer.ok) {
    return end("Welcome. Your account is ready: log in with your e-mail and this password.");
  }
  const problem = await answer.json();
  said.textContent = problem.detail;
}

if (!token) {
  end("The link is not complete. Open it again as you were given it, or ask for another one.");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const password = document.getElementById("password").value;
  if (password !== document.getElementById("again").value) {
    said.textContent = "The two passwords differ.";
    return;
  }
  const send = document.getElementById("send");
  send.disabled = true;
  said.textContent = "";
  try {
    await accept(password);
  } catch {
    said.textContent = "The portal did not answer. Try again.";
  }
  send.disabled = false;
});
