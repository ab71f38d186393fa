// How a map is moved: by mouse, fingers and keys.
const slack = 4; // pixels that a click may wander
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// movable tells of what somebody does with a drawing: by(dx, dy) in pixels, zoom(step, dx, dy) about a point, and click(dx, dy)
// there; points are counted from the middle.
export function movable(drawing, { by, zoom, click }) {
  const fingers = new Map();
  let moved = false;
  let apart = 0;

  const fromMiddle = (event) => {
    const box = drawing.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  };

  drawing.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) moved = false;
    apart = 0;
  });
  drawing.addEventListener("pointermove", (event) => {
    const from = fingers.get(event.pointerId);
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (!moved && Math.hypot(dx, dy) < slack) return;
    if (!moved) drawing.setPointerCapture(event.pointerId);
    moved = true;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) by(-dx, -dy);
    else pinch(event);
  });
  for (const name of ["pointerup", "pointercancel"]) drawing.addEventListener(name, (event) => fingers.delete(event.pointerId));

  // Two fingers zoom by one step each time that their distance has changed by half.
  function pinch(event) {
    const [a, b] = [...fingers.values()];
    const now = Math.hypot(a.x - b.x, a.y - b.y);
    apart ||= now;
    const step = now > apart * 1.5 ? 1 : now < apart / 1.5 ? -1 : 0;
    if (!step) return;
    apart = now;
    zoom(step, ...fromMiddle(event));
  }

  // What was dragged is not clicked as well.
  drawing.addEventListener("click", (event) => {
    if (moved) {
      event.preventDefault();
      event.stopPropagation();
      moved = false;
      return;
    }
    if (drawing.classList.contains("placing")) {
      event.preventDefault();
      event.stopPropagation();
      click(...fromMiddle(event));
    }
  }, { capture: true });
  drawing.addEventListener("dragstart", (event) => event.preventDefault());

  let turned = 0;
  drawing.addEventListener("wheel", (event) => {
    event.preventDefault();
    turned += event.deltaY;
    if (Math.abs(turned) < 60) return;
    zoom(turned < 0 ? 1 : -1, ...fromMiddle(event));
    turned = 0;
  }, { passive: false });

  drawing.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrows[event.key]) by(...arrows[event.key].map((d) => d * 60));
    else if (event.key === "+" || event.key === "=") zoom(1);
    else if (event.key === "-") zoom(-1);
    else return;
    event.preventDefault();
  });
}
