namespace IsoCatalog.Core.Readiness;

/// <summary>An image left a list and is not back. What is tried meanwhile does not change why: a repair that fails and begins anew is one trouble, not many.</summary>
/// <param name="Since">When it left.</param>
/// <param name="Code">Why it left, or why the last try failed; null when nothing is wrong with it itself.</param>
/// <param name="Reason">The same for people.</param>
public sealed record Missing(DateTimeOffset Since, string? Code, string? Reason);
