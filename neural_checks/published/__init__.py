"""What published networks keep: compact reports of diagnoses, one for each network and data set."""
