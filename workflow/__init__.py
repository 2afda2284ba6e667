"""What happens to a request: its life, who may, its queues, and its mirror in GitLab."""
