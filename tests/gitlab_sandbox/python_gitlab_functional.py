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

from tests.gitlab_sandbox import in_passing  # noqa: E402, F401  (adds its routes)
from workflow.gitlab_sandbox import SandboxServer  # noqa: E402

VERSION = "8.6.0"
TOKEN = "functional-tests-token"
API = "tests/functional/api/"
# Their tests of issues, notes, labels, milestones, links, hooks, uploads, members and users, and that a client signs
# in. Left out of these: discussions and weight events of issues, hooks of groups (Premium only) and of the instance,
# sign-in identities of users. What the tests kept touch in passing, reactions to a note and lists of merge requests,
# is not the sandbox's but in_passing.py's.
SELECTED = {
    "test_issues.py": (
        "create_issue",
        "issue_notes",
        "issue_labels",
        "issue_links",
        "issue_label_events",
        "issue_milestones",
    ),
    "test_projects.py": (
        "projects_head",
        "project_head",
        "project_members",
        "project_file_uploads",
        "project_hooks",
        "project_labels",
        "project_label_promotion",
        "project_milestones",
        "project_milestone_promotion",
    ),
    "test_groups.py": ("group_labels", "group_milestones"),
    "test_gitlab.py": ("auth_from_config", "no_custom_session", "custom_session", "pagination"),
    "test_users.py": (
        "create_user",
        "block_user",
        "ban_user",
        "delete_user",
        "user_projects_list",
        "user_bio",
        "list_multiple_users",
    ),
}


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
        chosen = [f"{API}{module}::test_{name}" for module, names in SELECTED.items() for name in names]
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
        command += ["--confcutdir", str(source), "--rootdir", str(source), *chosen, *arguments]
        environment = os.environ | {
            "SANDBOX_URL": sandbox.url,
            "SANDBOX_TOKEN": TOKEN,
            "PYTHONPATH": str(Path(__file__).parent),
            "TMPDIR": data,
        }
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        return subprocess.run(command, cwd=source, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["-q"]))
