using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Access;

/// <summary>Whether a request may go on, and as whom.</summary>
public abstract record AccessDecision
{
    private AccessDecision()
    {
    }

    /// <param name="Name">Who it is, for the audit trail: a token's name, <c>socket</c> or <c>loopback</c>.</param>
    /// <param name="Role">What may be done.</param>
    public sealed record Accepted(string Name, Role Role) : AccessDecision;

    /// <param name="Code">One of <see cref="AccessCode"/>.</param>
    /// <param name="Message">For the caller: what is wrong and what to do. Holds no part of a token.</param>
    public sealed record Refused(string Code, string Message) : AccessDecision;
}

/// <summary>Why a request was refused; the ends of the problem types <c>urn:isocatalog:problem:...</c> (RFC 9457). Stable.</summary>
public static class AccessCode
{
    /// <summary>401: no token, or one that is not known.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>403: known, but not for this.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>403: known, but not from there.</summary>
    public const string AddressNotAllowed = "address-not-allowed";

    /// <summary>429: too many different wrong tokens from this address.</summary>
    public const string TooManyAttempts = "too-many-attempts";
}
