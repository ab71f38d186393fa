package browser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
)

// The rules of accessibility that a program can hold (WCAG 2.2, level AA), asked of the browser's full accessibility tree, and
// of the page as it is drawn where the tree does not say it.

// controls are the roles of what a person operates. The popup of a select is a part of it, which the browser does not name.
var controls = []string{
	"button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "spinbutton", "slider", "switch", "tab", "menuitem",
	"Date", "DateTime", "InputTime", "DisclosureTriangle",
}

// An axNode is a node of the tree that is not ignored.
type axNode struct {
	role, name string
	level      int
	children   []string
}

// tree is the page's accessibility tree, in the order of the page.
func (b *tab) tree() (order []string, nodes map[string]*axNode) {
	b.t.Helper()
	nodes = map[string]*axNode{}
	text := func(v *accessibility.Value) (s string) {
		if v != nil {
			_ = json.Unmarshal(v.Value, &s)
		}
		return s
	}
	for _, n := range ask(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		node := &axNode{role: text(n.Role), name: text(n.Name)}
		for _, c := range n.ChildIDs {
			node.children = append(node.children, string(c))
		}
		for _, p := range n.Properties {
			if p.Name == accessibility.PropertyNameLevel {
				_ = json.Unmarshal(p.Value.Value, &node.level)
			}
		}
		if n.Ignored {
			node.role, node.name = "", ""
		}
		nodes[string(n.NodeID)] = node
		order = append(order, string(n.NodeID))
	}
	return order, nodes
}

// visible is the text below a node.
func visible(nodes map[string]*axNode, id string) string {
	n := nodes[id]
	if n == nil {
		return ""
	}
	if n.role == "StaticText" {
		return n.name
	}
	var parts []string
	for _, c := range n.children {
		if text := visible(nodes, c); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}

func plainly(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// barriers are what keeps people out of the page: one sentence each, which begins with the rule's name.
func (b *tab) barriers() (all []string) {
	b.t.Helper()
	order, nodes := b.tree()
	level := 0
	if b.scope() != "" {
		level = 1 // the page's own heading lies below the dialog
	}
	for _, id := range order {
		n := nodes[id]
		switch {
		case slices.Contains(controls, n.role):
			label := visible(nodes, id)
			if strings.TrimSpace(n.name) == "" {
				all = append(all, "name: a "+n.role+" has none")
			} else if (n.role == "button" || n.role == "link") && !strings.Contains(plainly(n.name), plainly(label)) {
				all = append(all, fmt.Sprintf("label: a %s shows %q and is called %q", n.role, label, n.name))
			}
		case n.role == "heading":
			if n.level > level+1 {
				all = append(all, fmt.Sprintf("heading: %q is of level %d after one of level %d", n.name, n.level, level))
			}
			if strings.TrimSpace(n.name) == "" {
				all = append(all, "heading: one is empty")
			}
			level = n.level
		}
	}
	var drawn []string
	if text := b.eval(drawnScript); json.Unmarshal([]byte(text), &drawn) != nil {
		b.t.Fatalf("the rules could not be asked: %q", text)
	}
	return append(all, drawn...)
}

// drawnScript asks for what is drawn: ids, contrast of texts, sizes of targets, and whether the page is wider than its window.
const drawnScript = `(() => {
  const faults = [];
  const seen = new Set();
  for (const e of document.querySelectorAll("[id]")) {
    if (seen.has(e.id)) faults.push("id: " + e.id + " is there twice");
    seen.add(e.id);
  }

  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const rgba = (color) => {
    if (!known.has(color)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(color, [r, g, b, a / 255]);
    }
    return known.get(color);
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const ground = (e) => {
    if (!e) return [...rgba(getComputedStyle(document.documentElement).colorScheme === "dark" || matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "#fff")].slice(0, 3);
    const c = rgba(getComputedStyle(e).backgroundColor);
    return c[3] === 1 ? c.slice(0, 3) : over(c, ground(e.parentElement));
  };
  const luminance = (c) => {
    const [r, g, b] = c.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const shown = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && e.getClientRects().length > 0;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    const text = texts.currentNode.data.trim();
    if (!text || !shown(e) || e.closest(":disabled, noscript, script, style, option, svg")) continue;
    const below = ground(e);
    const own = over(rgba(getComputedStyle(e).color), below);
    const [light, dark] = [luminance(own), luminance(below)].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) faults.push("contrast: " + contrast.toFixed(2) + " of “" + text.slice(0, 40) + "”");
  }

  for (const e of document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, a[href], [role=button]")) {
    if (!shown(e)) continue;
    const box = e.getBoundingClientRect();
    if (box.right <= 0 || box.bottom + scrollY <= 0) continue; // comes into sight with the focus
    const inText = e.tagName === "A" && getComputedStyle(e).display === "inline";
    if (!inText && (box.width < 24 || box.height < 24)) faults.push("target: “" + (e.innerText || e.name || e.id).slice(0, 40) + "” is " + Math.round(box.width) + " × " + Math.round(box.height));
  }

  if (document.documentElement.scrollWidth > innerWidth + 1) faults.push("width: the page is " + document.documentElement.scrollWidth + " wide in a window of " + innerWidth);
  return JSON.stringify([...new Set(faults)]);
})()`

// keyboardScript puts a number on all that can be operated, in the order of the page, and returns how many there are.
const keyboardScript = `(() => {
  const all = [...document.querySelectorAll("button:not(:disabled), input:not([type=hidden]):not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, a[href], [tabindex='0']")].filter((e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0);
  all.forEach((e, i) => { e.dataset.stop = i; });
  document.body.tabIndex = -1; // from the beginning, wherever the focus was
  document.body.focus();
  document.body.removeAttribute("tabindex");
  return all.length;
})()`
