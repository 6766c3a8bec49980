"""What our transforms say of a line that cannot be read, in earlier words: rows that were dropped for one stay away."""

REWORDED = {
    "no form of a streaming log fits": "the line matches no known streaming-log format",
    "no access log form fits": "the line matches no known access-log format",
    "no form of a rating file fits": "the line matches no known rating-file format",
    "no form of a title fits": "the line matches no known film-title format",
    "the time does not exist": "the time is not a valid date and time",
    "the user id is too large a number": "user_id does not fit a 64-bit integer",
    "the minute is too large a number": "minute does not fit a 32-bit integer",
    "the length is too large a number": "length_minutes does not fit a 32-bit integer",
    "the duration is too large a number": "response_ms does not fit a 64-bit integer",
    "the rating is too large a number": "rating has more than 12 digits before the point",
    "the rating is between two steps": "rating is between two steps",
    "the status is not a number, or too large a one": "status is not a 32-bit integer",
    "the status is too large a number": "status is not a 32-bit integer",
    "the size is not a number, or too large a one": "response_bytes is not a 64-bit integer",
    "the size is too large a number": "response_bytes is not a 64-bit integer",
    "the message is no JSON object": "the message is not a JSON object",
    "is no text": "is not text",
    "is no whole number": "is not a whole number",
    "is too large a number": "does not fit a 64-bit integer",
}
