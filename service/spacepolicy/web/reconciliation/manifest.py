"""The manifest of the reconciliation service.

Spec: https://reconciliation-api.github.io/specs/0.2/#service-manifest
"""

from typing import Any, Final

from spacepolicy import __version__
from spacepolicy.web.locale import LANGUAGES
from spacepolicy.web.reconciliation.batches import MAX_QUERIES
from spacepolicy.web.reconciliation.entities import Entities
from spacepolicy.web.reconciliation.extension import ALL_LANGUAGES

RECONCILE: Final = "/reconcile"
PREVIEW: Final = "/reconcile/preview"
VIEW: Final = "/reconcile/view"
SUGGEST: Final = "/reconcile/suggest"
PROPERTIES: Final = "/reconcile/properties"
KINDS: Final = ("entity", "type", "property")
_PREVIEW_SIZE: Final = {"width": 420, "height": 260}
"""In pixels: room for a name, its classes, a definition and one quotation."""
_DEFAULT_TYPES: Final = 20
"""How many classes are offered, those with the most instances."""
_SETTING: Final = {
    "en": ("Language of texts", "Texts in other languages are left out where there is one in it."),
    "zh": ("文字语言", "有该语言的文字时，略去其他语言。"),
}
_ALL: Final = {"en": "all", "zh": "全部"}


def manifest(entities: Entities, origin: str) -> dict[str, Any]:
    """Return the manifest; `origin` is the service's address."""
    service = entities.service
    base = service.revision.base
    types = [{"id": each, "name": entities.name(each)} for each in _default_types(entities)]
    secured = {"authentication": {"type": "http", "scheme": "bearer"}}
    return {
        "versions": ["0.2"],
        "name": "spacepolicy",
        "identifierSpace": base or f"{origin}/",
        "schemaSpace": f"{base or f'{origin}/'}def/",
        "documentation": f"{origin}/api",
        "serviceVersion": __version__,
        "defaultTypes": types,
        "batchSize": MAX_QUERIES,
        "view": {"url": f"{origin}{VIEW}?id={{{{id}}}}"},
        "preview": {"url": f"{origin}{PREVIEW}?id={{{{id}}}}", **_PREVIEW_SIZE},
        "suggest": {
            kind: {"service_url": origin, "service_path": f"{SUGGEST}/{kind}"} for kind in KINDS
        },
        "extend": {
            "propose_properties": {"service_url": origin, "service_path": PROPERTIES},
            "property_settings": [_language_setting(entities.language)],
        },
        **(secured if service.require_token else {}),
    }


def _default_types(entities: Entities) -> list[str]:
    counts = entities.index.type_counts()
    return sorted(counts, key=lambda each: (-counts[each], each))[:_DEFAULT_TYPES]


def _language_setting(language: str) -> dict[str, Any]:
    label, help_ = _SETTING[language]
    names = {"en": "English", "zh": "中文"}
    choices = [{"value": each, "name": names[each]} for each in LANGUAGES]
    return {
        "name": "language",
        "label": label,
        "help_text": help_,
        "type": "select",
        "default": language,
        "choices": [*choices, {"value": ALL_LANGUAGES, "name": _ALL[language]}],
    }
