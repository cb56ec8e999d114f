"""Does angular demand foretell how a network's error falls from one L to the next?"""
