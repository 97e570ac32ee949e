"""Makes src/thuocdo/web/data/provinces.json from the outlines of npm's @svg-maps/vietnam (CC BY 4.0).

Run once, and again only when the outlines change; it needs shapely, which the product does not:

    npm pack @svg-maps/vietnam && tar xzf svg-maps-vietnam-*.tgz
    python tools/build_map.py package/index.js

Neighbours share their borders, so all outlines are simplified together (a coverage): no gap opens
between them. The 34 provinces since 2025-07-01 are the unions that
src/thuocdo/registry/data/provinces_34.csv names.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import unicodedata
from pathlib import Path

import shapely
from shapely import MultiPolygon, Polygon
from shapely.ops import unary_union

ROOT = Path(__file__).resolve().parents[1] / "src" / "thuocdo"
REGISTRY, TARGET = ROOT / "registry" / "data", ROOT / "web" / "data" / "provinces.json"
GRID = 0.05  # of the source's units: what its own rounding leaves between two neighbours
TOLERANCE = 1.6
ISLET = 0.35
ISLANDS = {"hoangsa": "danang", "truongsa": "khanhhoa"}
OTHER_NAMES = {"baria": "bariavungtau", "hcm": "hochiminh", "tthue": "thuathienhue"}
TOKEN = re.compile(r"[a-df-zA-DF-Z]|-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def rings(path: str) -> list[list[tuple[float, float]]]:
    """The rings of an SVG path of M, L, H, V, C and Z; of curves the end points."""
    found: list[list[tuple[float, float]]] = []
    x = y = 0.0
    command = ""
    tokens = TOKEN.findall(path)
    place = 0

    def take(count: int) -> list[float]:
        nonlocal place
        values = [float(token) for token in tokens[place : place + count]]
        place += count
        return values

    while place < len(tokens):
        if tokens[place].isalpha():
            command = tokens[place]
            place += 1
            if command in "zZ":
                if found and found[-1]:
                    x, y = found[-1][0]
                continue
        relative = command.islower()
        kind = command.lower()
        if kind in "mlt":
            dx, dy = take(2)
        elif kind == "h":
            dx, dy = take(1)[0], 0.0 if relative else y
        elif kind == "v":
            dx, dy = 0.0 if relative else x, take(1)[0]
        elif kind == "c":
            *_, dx, dy = take(6)
        else:
            raise ValueError(f"{command!r} is not read")
        x, y = (x + dx, y + dy) if relative else (dx, dy)
        if kind == "m":
            found.append([])
            command = "l" if relative else "L"
        found[-1].append((x, y))
    return [ring for ring in found if len(ring) > 2]


def shape(path: str) -> MultiPolygon:
    parts = [shapely.make_valid(Polygon(ring)) for ring in rings(path)]
    whole = shapely.set_precision(unary_union(parts), GRID)
    return MultiPolygon([p for p in shapely.get_parts(whole) if p.geom_type == "Polygon"])


def plain(name: str) -> str:
    text = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return "".join(char for char in text if char.isalpha() and char.isascii())


def outlines(source: Path) -> tuple[str, dict[str, MultiPolygon]]:
    told = json.loads(
        source.read_text("utf-8").strip().removeprefix("export default").rstrip("; \n")
    )
    return told["viewBox"], {place["id"]: shape(place["path"]) for place in told["locations"]}


def drawn(geometry: object) -> str:
    """A path of whole numbers, relative, without what is smaller than a dot."""
    parts = []
    for polygon in shapely.get_parts(geometry):
        if polygon.geom_type != "Polygon" or polygon.area < ISLET:
            continue
        points = [(round(x * 2), round(y * 2)) for x, y in polygon.exterior.coords[:-1]]
        kept = [p for n, p in enumerate(points) if n == 0 or p != points[n - 1]]
        if len(kept) < 3:
            continue
        (x, y), text = kept[0], ""
        text = f"M{x} {y}l"
        for px, py in kept[1:]:
            text += f"{px - x} {py - y} "
            x, y = px, py
        parts.append(text.strip().replace(" -", "-") + "z")
    return "".join(parts)


def rows(name: str) -> list[dict[str, str]]:
    with (REGISTRY / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def main(source: Path) -> None:
    view, shapes = outlines(source)
    islands = {home: shapes.pop(island) for island, home in ISLANDS.items()}
    keys = sorted(shapes)
    simple = shapely.coverage_simplify([shapes[key] for key in keys], TOLERANCE)
    mainland = dict(zip(keys, simple, strict=True))
    by_name = {OTHER_NAMES.get(key, key): key for key in keys}
    before = rows("provinces_63.csv")
    key_of = {row["gso_code"]: by_name[plain(row["name"].removeprefix("TP. "))] for row in before}

    def whole(gso: list[str]) -> str:
        mine = [key_of[code] for code in gso]
        land = unary_union([mainland[key].buffer(0.3) for key in mine]).buffer(-0.3)
        alone = mainland[mine[0]] if len(mine) == 1 else land.simplify(0.4)
        far = [islands[key].simplify(0.3) for key in mine if key in islands]
        return drawn(alone) + "".join(drawn(each.buffer(0.9)) for each in far)

    width, height = (int(float(number) * 2) for number in view.split()[2:])
    told = {
        "source": "@svg-maps/vietnam 2.0.0, CC BY 4.0",
        "view": f"0 0 {width} {height}",
        "islands": {
            home: [round(2 * number) for number in islands[home].bounds] for home in sorted(islands)
        },
        "until": "2025-06-30",
        "before": {row["agency_code"]: whole([row["gso_code"]]) for row in before},
        "since": {
            row["agency_code"]: whole(row["formed_from_gso"].split())
            for row in rows("provinces_34.csv")
        },
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
