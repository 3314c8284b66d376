"""Tortoise rows: user, project, slide, ontology, annotation, prediction, event, audit.

Invariant: rows hold no behaviour; times are UTC with a zone; ids are UUIDs made by the application.
"""

MODEL_MODULES = [
    "api.models.user",
    "api.models.project",
    "api.models.ontology",
    "api.models.slide",
    "api.models.annotation",
    "api.models.prediction",
    "api.models.comment",
    "api.models.event",
    "api.models.look",
    "api.models.audit",
]
