namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>The engine did not say what was asked: nothing is known, least of all that a list is empty.</summary>
/// <param name="code">One of <see cref="Core.Readiness.ReasonCode"/>.</param>
/// <param name="message">For an operator; without secrets.</param>
/// <param name="inner">What it came from.</param>
internal sealed class EngineException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Code => code;

    /// <summary>Asking again at once may help.</summary>
    public bool Passing { get; init; }
}
