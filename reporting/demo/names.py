"""Invented names, in a fixed order; none is meant to be that of a real place or person."""

FACILITIES = [
    "Les Petits Rameurs", "La Boîte à Nuages", "Les Cabrioles du Canal", "Le Nid Pointu",
    "Les Mille Pas", "La Maison Tambour", "Les Galets Ronds", "Pirouette et Compagnie",
    "Le Jardin de Zéphyr", "Les Lucioles du Faubourg", "La Petite Amarre", "Les Acrobates",
    "Le Bateau-Crèche", "Les Plumes Bleues", "La Clé des Songes", "Les Trois Moulinets",
    "Le Manège aux Oiseaux", "Les Bottes de Sept Lieues", "La Courte Échelle Bleue", "Les Noix",
    "Le Quai des Doudous", "Les Funambules", "La Ruche Tranquille", "Les Ricochets",
    "Le Chat Botté du Coin", "Les Graines de Lune", "La Cour des Petits", "Les Balançoires",
    "Le Carrousel Vert", "Les Coquillages", "La Malle aux Histoires", "Les Pas de Géant",
    "Le Petit Phare", "Les Moussaillons du Pont", "La Farandole Claire", "Les Cerfs-Volants",
    "Le Tambourin", "Les Grands Écarts", "La Cabane Perchée", "Les Ombrelles",
    "Le Grand Plongeoir", "Les Mandarines", "La Lanterne Douce", "Les Petites Voiles",
    "Le Sentier des Escargots", "Les Toupies", "La Bulle d’Encre", "Les Allumettes",
    "Le Marchepied", "Les Sabots Légers", "La Voile Carrée", "Les Contes Renversés",
    "Le Petit Tamis", "Les Bas", "La Marelle", "Les Fanions", "Le Grelot", "Les Osiers",
    "Le Petit Lavoir", "Les Hirondelles du Toit", "La Cerisaie", "Les Sauterelles",
    "Le Moulin à Vent", "Les Pinceaux", "La Goutte d’Eau", "Les Cailloux Blancs",
    "Le Vieux Kiosque", "Les Tourterelles", "La Luciole", "Les Boutons d’Or",
]  # fmt: skip

FIRST_NAMES = [
    "Fatoumata", "Mélissa", "Aïcha", "Julie", "Sandra", "Mariam", "Élodie", "Nour", "Laura", "Inès",
    "Kadiatou", "Sabrina", "Céline", "Yasmine", "Priscilla", "Amina", "Manon", "Rokia", "Océane",
    "Samira", "Jennifer", "Thi Lan", "Audrey", "Oumou", "Vanessa", "Leïla", "Camille", "Awa",
    "David", "Mehdi", "Estelle", "Soraya", "Noémie", "Djeneba", "Pauline", "Hawa",
]  # fmt: skip

LAST_NAMES = [
    "Diallo", "Terrasson", "Benhamou", "Lefort", "Traoré", "Garnier", "Haddad", "Moreau", "Cissé",
    "Perrin", "Nguyen", "Bertin", "Kanté", "Rousseau", "Ferreira", "Camara", "Marchal", "Saïdi",
    "Roche", "Keïta", "Vasseur", "Mansouri", "Blondel", "Sylla", "Chauvin", "Bakayoko", "Poulain",
    "Touré", "Delmas", "Belaïd", "Royer", "Koné", "Texier", "Amrani", "Guérin", "Sow",
]  # fmt: skip

CHILDREN = [
    "Issa", "Alma", "Inès", "Noé", "Lina", "Adam", "Jade", "Sacha", "Maya", "Liam", "Nina", "Yanis",
    "Lou", "Rayan", "Aya", "Gabin", "Mila", "Ibrahim", "Rose", "Malo", "Zoé", "Ismaël", "Élise",
    "Kaïs", "Romy", "Amadou", "Victor", "Assia", "Léon", "Sirine",
]  # fmt: skip

CHILDMINDERS = [
    ("Claire", "Morel"), ("Fatiha", "Berrada"), ("Sylvie", "Lambert"), ("Maria", "Da Costa"),
    ("Nathalie", "Colin"), ("Aminata", "Fofana"), ("Brigitte", "Masson"), ("Zohra", "Meziane"),
    ("Corinne", "Leclair"), ("Hélène", "Tran"), ("Monique", "Barbier"), ("Salimata", "Doumbia"),
    ("Isabelle", "Roussel"), ("Nadège", "Hoarau"),
]  # fmt: skip

HOW = [
    "Réunion trimestrielle avec la Mission Locale et l’agence France Travail du secteur.",
    "La directrice reçoit chaque famille à l’arrivée puis toutes les deux semaines.",
    "Un temps de préparation est inscrit au planning de l’équipe, le mardi de 13 h à 14 h.",
    "Les horaires sont revus avec le parent dès qu’une formation ou un entretien est programmé.",
    "La place est gardée jusqu’à l’école maternelle quand le parent reprend un emploi.",
]

QUESTIONS = [
    (
        "Faut-il bloquer des places\xa0?",
        "Non. Le label demande une part d’enfants accueillis, comptée chaque mois\xa0: "
        "vous choisissez comment l’atteindre.",
    ),
    (
        "Une micro-crèche peut-elle demander le label\xa0?",
        "Oui, quels que soient sa taille et son mode de financement.",
    ),
    (
        "Que se passe-t-il quand le parent trouve un emploi\xa0?",
        "L’enfant garde sa place. Il continue d’être compté comme le prévoient nos règles.",
    ),
]
