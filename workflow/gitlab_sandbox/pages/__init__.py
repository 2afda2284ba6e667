"""The pages a person sees."""

from workflow.gitlab_sandbox.pages.views import answer, refusal

__all__ = ["answer", "refusal"]
