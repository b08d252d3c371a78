"""A parser of the builder's page: its snippets, its fields, its text."""

from html.parser import HTMLParser


class BuilderPage(HTMLParser):
    """``snippets`` by name; ``fields`` are all inputs, each with its attributes; ``text`` is all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.snippets: dict[str, str] = {}
        self.fields: list[dict[str, str | None]] = []
        self.hidden_ids: set[str] = set()
        self.text = ""
        self._name: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._name = given.get("data-snippet") or (self._name if tag != "code" else None)
        if tag == "input":
            self.fields.append(given)
        if "hidden" in given and given.get("id"):
            self.hidden_ids.add(str(given["id"]))

    def handle_endtag(self, tag: str) -> None:
        self._name = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._name is not None:
            self.snippets[self._name] = self.snippets.get(self._name, "") + data

    def checked(self, name: str) -> list[str | None]:
        """Return the values of the checked radio buttons and boxes called ``name``."""
        return [field["value"] for field in self.fields if field.get("name") == name and "checked" in field]

    def value(self, name: str) -> str | None:
        """Return the value of the field ``name``."""
        return next(field.get("value") for field in self.fields if field.get("id") == name)

    def is_marked_invalid(self, name: str) -> bool:
        """Return whether the field ``name`` is marked as invalid, with a message under it."""
        (field,) = [field for field in self.fields if field.get("id") == name]
        marked = field.get("aria-invalid") == "true"
        has_message = f"wrong-{name}" not in self.hidden_ids
        assert marked == has_message
        return marked
