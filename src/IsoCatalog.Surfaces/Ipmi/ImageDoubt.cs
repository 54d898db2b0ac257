using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>The bytes of an image may no longer be what was verified. The listener has already stopped serving them; every other cell that
/// shares the inode must be withdrawn by whoever reads this.</summary>
/// <param name="Image">Which one.</param>
/// <param name="Code">One of <see cref="Core.Readiness.ReasonCode"/>.</param>
/// <param name="Reason">For an operator, with the path.</param>
public sealed record ImageDoubt(ImageId Image, string Code, string Reason);
