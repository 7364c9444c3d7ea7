"""What all domains share: notices and how they reach people, tasks, files, reports, share codes, working days."""
