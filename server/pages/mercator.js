// Web Mercator, as maps in browsers use it: the world is a square, of 256 pixels at zoom 0 and twice as many at each further one.
const tile = 256;
const edge = 85.051129; // degrees of latitude where the square ends

export const zooms = { least: 1, most: 19 };

export const worldSize = (zoom) => tile * 2 ** zoom;

// toWorld is where a position is in the square of side 1.
export function toWorld(latitude, longitude) {
  const phi = (Math.max(-edge, Math.min(edge, latitude)) * Math.PI) / 180;
  return { x: (longitude + 180) / 360, y: (1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2 };
}

// toPosition is the way back, to about a decimetre.
export function toPosition({ x, y }) {
  const latitude = (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
  return { latitude: Number(latitude.toFixed(6)), longitude: Number((x * 360 - 180).toFixed(6)) };
}

// around is the view, {x, y, zoom}, of a size in pixels that shows all of some points.
export function around(points, width, height, { margin = 40, most = 16 } = {}) {
  if (points.length === 0) return { x: 0.5, y: 0.5, zoom: zooms.least };
  let [left, right, top, bottom] = [1, 0, 1, 0];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const room = Math.min((width - 2 * margin) / Math.max(right - left, 1e-9), (height - 2 * margin) / Math.max(bottom - top, 1e-9));
  const zoom = Math.floor(Math.log2(Math.max(room, 1) / tile));
  return { x: (left + right) / 2, y: (top + bottom) / 2, zoom: Math.max(zooms.least, Math.min(most, zoom)) };
}

// grouped puts points that would lie upon each other into one: those of a cell of the grid. Only what is in view is drawn.
export function grouped(points, view, width, height, cell = 44) {
  const size = worldSize(view.zoom);
  const left = view.x * size - width / 2;
  const top = view.y * size - height / 2;
  const cells = new Map();
  for (const point of points) {
    const x = point.x * size;
    const y = point.y * size;
    if (x < left - cell || x > left + width + cell || y < top - cell || y > top + height + cell) continue;
    const key = `${Math.floor(x / cell)}/${Math.floor(y / cell)}`;
    const group = cells.get(key);
    if (group) group.push(point);
    else cells.set(key, [point]);
  }
  return merged([...cells].map(([key, members]) => {
    const mean = (axis) => members.reduce((sum, m) => sum + m[axis], 0) / members.length;
    return { key, members, left: mean("x") * size - left, top: mean("y") * size - top };
  }));
}

// merged takes into the larger group what lies upon it from a cell beside it.
function merged(groups, near = 34) {
  const kept = [];
  for (const group of groups.sort((a, b) => b.members.length - a.members.length)) {
    const under = kept.find((k) => Math.hypot(k.left - group.left, k.top - group.top) < near);
    if (under) under.members.push(...group.members);
    else kept.push(group);
  }
  return kept;
}

// tilesIn are the tiles that a view of a size shows, with where they lie in it.
export function tilesIn(view, width, height) {
  const size = worldSize(view.zoom);
  const left = view.x * size - width / 2;
  const top = view.y * size - height / 2;
  const count = 2 ** view.zoom;
  const found = [];
  for (let x = Math.floor(left / tile); x * tile < left + width; x++) {
    for (let y = Math.max(0, Math.floor(top / tile)); y * tile < top + height && y < count; y++) {
      found.push({ x: ((x % count) + count) % count, y, z: view.zoom, left: x * tile - left, top: y * tile - top, size: tile });
    }
  }
  return found;
}
