"""Finding cases: by number, words (Norwegian and English stems, beginnings), names and addresses."""
