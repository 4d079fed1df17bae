"""Who answers: desks with groups of seats, and the leads that wait for them."""
