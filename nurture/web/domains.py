"""Whether a domain takes mail at all, as the DNS says: it catches a slip of the finger.

The question is about the domain only and asked of every signup alike, so it tells nobody who is
known here. It is bounded in time, and what the DNS does not say for certain counts as a yes.
"""

import logging

import dns.resolver
from dns.exception import DNSException
from email_validator import EmailUndeliverableError
from email_validator.deliverability import validate_email_deliverability

log = logging.getLogger(__name__)

# For each of at most four questions; the first that goes unanswered is the last.
LONGEST_SECONDS = 0.5
# What the library was told when it is sure, and not just at a loss. None: a domain's own word.
CERTAIN = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, type(None))


def takes_no_mail(domain: str) -> bool:
    """Whether the DNS is sure that nobody gets mail there. No answer is no reason to refuse."""
    try:
        validate_email_deliverability(domain, domain, dns_resolver=resolver())
    except EmailUndeliverableError as error:
        return isinstance(error.__cause__, CERTAIN)
    except (DNSException, OSError) as error:  # no name server is configured
        log.warning("a domain could not be checked: %s", type(error).__name__)
    return False


def resolver() -> dns.resolver.Resolver:
    """Without a cache, which would tell by its speed who asked before. Raises `DNSException`."""
    asked = dns.resolver.Resolver()
    asked.lifetime = asked.timeout = LONGEST_SECONDS
    return asked
