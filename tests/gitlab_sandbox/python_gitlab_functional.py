"""python-gitlab's own functional tests, run against the sandbox: `make gitlab-functional`.

They ship in its source distribution, which is fetched once into `var/` with pip; nothing of it is copied here.
They need a GitLab in Docker; `functional_plugin` gives them the sandbox instead. Further arguments go to pytest.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from workflow.gitlab_sandbox import SandboxServer  # noqa: E402

VERSION = "8.6.0"
TOKEN = "functional-tests-token"
API = "tests/functional/api/"
# Issues, notes, labels, milestones, links, hooks, uploads, and what of people and places these stand on.
SELECTED = {
    "test_issues.py": None,
    "test_boards.py": None,
    "test_lazy_objects.py": None,
    "test_projects.py": (
        "projects_head",
        "project_head",
        "create_project",
        "project_members",
        "project_avatar_upload",
        "project_avatar_remove",
        "project_file_uploads",
        "project_hooks",
        "project_labels",
        "project_label_promotion",
        "project_milestones",
        "project_milestone_promotion",
        "project_groups_list",
        "project_transfer",
    ),
    "test_groups.py": (
        "group_labels",
        "group_avatar_upload",
        "group_avatar_remove",
        "group_milestones",
        "group_hooks",
        "group_transfer",
    ),
    "test_gitlab.py": (
        "auth_from_config",
        "no_custom_session",
        "custom_session",
        "markdown",
        "markdown_in_project",
        "gitlab_settings",
        "hooks",
        "namespaces",
        "search",
        "pagination",
    ),
    "test_users.py": (
        "create_user",
        "block_user",
        "ban_user",
        "delete_user",
        "user_projects_list",
        "user_bio",
        "list_multiple_users",
        "user_identities",
    ),
}
# These assert what only a paid plan does; their own marks do not keep them from running on Free.
PREMIUM_ONLY = ("test_issue_weight_events", "test_group_hooks")


def main(arguments):
    """Run the selected tests on a Premium and on a Free sandbox; returns pytest's worst exit code."""
    source = unpacked()
    return max(run(source, premium, arguments) for premium in (True, False))


def unpacked():
    """The folder of the unpacked source distribution; fetched when it is not there yet."""
    folder = ROOT / "var" / f"python_gitlab-{VERSION}"
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as fetched:
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "download",
                    "--quiet",
                    "--no-binary",
                    ":all:",
                    "--no-deps",
                    "--dest",
                    fetched,
                    f"python-gitlab=={VERSION}",
                ],
                check=True,
            )
            with tarfile.open(next(Path(fetched).glob("*.tar.gz"))) as archive:
                archive.extractall(folder.parent, filter="data")
    return folder


def run(source, premium, arguments):
    print(f"\npython-gitlab {VERSION} functional tests on the sandbox, {'Premium' if premium else 'Free'}", flush=True)
    with (
        tempfile.TemporaryDirectory() as data,
        SandboxServer(Path(data), TOKEN, premium=premium, empty=True) as sandbox,
    ):
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "functional_plugin",
            "-p",
            "no:django",
            "-p",
            "no:cacheprovider",
        ]
        command += ["--confcutdir", str(source), "--rootdir", str(source), *selected(premium), *arguments]
        environment = os.environ | {
            "SANDBOX_URL": sandbox.url,
            "SANDBOX_TOKEN": TOKEN,
            "PYTHONPATH": str(Path(__file__).parent),
            "TMPDIR": data,
        }
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        return subprocess.run(command, cwd=source, env=environment, check=False).returncode


def selected(premium):
    chosen = [
        f"{API}{module}" if names is None else f"{API}{module}::test_{name}"
        for module, names in SELECTED.items()
        for name in (names or ("",))
    ]
    if premium:
        return chosen
    deselected = [f"{API}test_issues.py::test_issue_weight_events"]
    chosen = [one for one in chosen if not one.endswith(PREMIUM_ONLY)]
    return [*chosen, *(part for one in deselected for part in ("--deselect", one))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["-q"]))
