"""What is measured, each as a figure and as a ratio against a limit of the same run."""
