"""The pages a person sees."""

from workflow.gitlab.sandbox.pages.views import answer, refusal

__all__ = ["answer", "refusal"]
