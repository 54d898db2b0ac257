namespace IsoCatalog.Core.Trust;

/// <summary>Why a document, or a wish to write one, is refused.</summary>
/// <param name="Rule">A number of docs/catalog-format.md, such as <c>M-07</c>; stable.</param>
/// <param name="Message">For operators: what is wrong, where, and what to do.</param>
public sealed record RuleViolation(string Rule, string Message)
{
    public override string ToString() => $"{Rule}: {Message}";
}
