namespace IsoCatalog.Appliance.Commands;

/// <summary>What may be done to the texts of a column where the window is narrow.</summary>
internal enum Fit
{
    /// <summary>Nothing: ids, states, addresses, times, sizes, paths. Who copies one has it all.</summary>
    Whole,

    /// <summary>It is cut, with an ellipsis.</summary>
    Cut,

    /// <summary>It goes on in the next line, between words.</summary>
    Wrapped,
}

/// <summary>A column of a listing. A heading alone is that of a column that stays whole.</summary>
internal readonly record struct Column(string Heading, Fit Fit)
{
    public static implicit operator Column(string heading) => new(heading, Fit.Whole);

    public static Column Cut(string heading) => new(heading, Fit.Cut);

    public static Column Wrapped(string heading) => new(heading, Fit.Wrapped);
}
