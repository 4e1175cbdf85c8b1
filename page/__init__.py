"""The chat page: its panes, what they do, how they look, and what guards them."""
