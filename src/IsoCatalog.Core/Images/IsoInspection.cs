namespace IsoCatalog.Core.Images;

/// <summary>What <see cref="IsoReader"/> found: an image that a surface can offer, or the reason why not.</summary>
public abstract record IsoInspection
{
    private IsoInspection()
    {
    }

    /// <param name="Metadata">What the image says about itself.</param>
    /// <param name="Warnings">For an operator, in the order found, at most <see cref="IsoReader.MaxWarnings"/>: nothing here prevents
    /// the image from being mounted.</param>
    public sealed record Recognized(IsoMetadata Metadata, IReadOnlyList<string> Warnings) : IsoInspection;

    public sealed record Refused(IsoRefusal Refusal) : IsoInspection;
}

/// <param name="Code">One of the constants here; stable.</param>
/// <param name="Message">For an operator: what, where, and what to do.</param>
public sealed record IsoRefusal(string Code, string Message)
{
    /// <summary>The file has no bytes.</summary>
    public const string Empty = "empty";

    /// <summary>Neither an ISO 9660 nor a UDF volume begins where one must.</summary>
    public const string NotAnIso = "not-an-iso";

    /// <summary>The file is shorter than its own ISO 9660 or UDF volume says.</summary>
    public const string Truncated = "truncated";

    /// <summary>It is an image, but a structure without which it cannot be mounted contradicts itself.</summary>
    public const string Corrupt = "corrupt";
}
