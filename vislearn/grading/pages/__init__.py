"""What is written after grading: learners' pages, the summary, answers alike."""
