"""A sandbox GitLab of its own for every test, with requests the scheme writes differently and ones it does not."""
