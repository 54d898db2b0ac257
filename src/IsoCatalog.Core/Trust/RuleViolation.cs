namespace IsoCatalog.Core.Trust;

/// <summary>Why a document, or a wish to write one, is refused.</summary>
/// <param name="Rule">A number of docs/catalog-format.md, such as <c>M-07</c>; stable.</param>
/// <param name="Message">For operators: what is wrong, where, and what to do.</param>
public sealed record RuleViolation(string Rule, string Message)
{
    /// <summary>The site that signed, with a present key, what breaks the rule: it is to blame, whoever handed it on. Null where nobody is known to have, and where it
    /// depends on the trust document whether it counts.</summary>
    public string? Signer { get; init; }

    public override string ToString() => $"{Rule}: {Message}";
}
