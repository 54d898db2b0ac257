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
    public sealed record Recognized(IsoMetadata Metadata, IReadOnlyList<string> Warnings) : IsoInspection
    {
        /// <summary>So many of the warnings, the first ones, are what the image is refused for where nobody knows its hash.</summary>
        public int Faults { get; init; }
    }

    public sealed record Refused(IsoRefusal Refusal) : IsoInspection
    {
        /// <summary>
        /// What there is to say of the image where its hash is known to be that of the publisher: its structure is faulty there too, and that is no more than a warning. Null where it is no
        /// image at all.
        /// </summary>
        public Recognized? Vouched { get; init; }
    }
}

/// <param name="Code">One of the constants here; stable.</param>
/// <param name="Message">For an operator: what, where, and what to do.</param>
public sealed record IsoRefusal(string Code, string Message)
{
    /// <summary>The file has no bytes.</summary>
    public const string Empty = "empty";

    /// <summary>Neither an ISO 9660 nor a UDF volume begins where one must.</summary>
    public const string NotAnIso = "not-an-iso";

    /// <summary>The file is shorter than its own ISO 9660 or UDF volume, a boot image or a partition says.</summary>
    public const string Truncated = "truncated";

    /// <summary>It is an image, but a structure without which it cannot be mounted contradicts itself.</summary>
    public const string Corrupt = "corrupt";
}
